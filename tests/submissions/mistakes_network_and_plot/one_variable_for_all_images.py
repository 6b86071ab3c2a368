# One tf.Variable is made before the loop, filled with new noise for each filter, and appended as it is,
# without making an array of it: the list holds 64 times the same variable, which in the end is the image of
# filter 63.
#
# /// label
# images = "fail"
# ascent = ["pass", "partial", "fail"]
# objective = ["fail", "pass", "partial"]
#
# [feedback_mentions]
# images = ["same"]
#
# [causes]
# images = "same_image"
# ///

# %% cnn
model = keras.Sequential()
model.add(layers.Input((28, 28, 1)))
model.add(layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d"))
model.add(layers.MaxPooling2D())
model.add(layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1"))
model.add(layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_2"))
model.add(layers.Conv2D(64, 3, padding="same", activation="relu", name="conv2d_3"))
model.add(layers.MaxPooling2D())
model.add(layers.Flatten())
model.add(layers.Dense(10))
model.add(layers.Softmax())

# %% train
model.compile(optimizer=keras.optimizers.Adam(2e-3), loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=3, batch_size=64, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

conv_stack = keras.Model(model.inputs, model.get_layer(layer_name).output)

# no need to create a new variable every time
input_img = tf.Variable(tf.zeros((1, 28, 28, 1)))

for filter_index in range(number_of_filters):
    input_img.assign(tf.random.uniform((1, 28, 28, 1)))

    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = tf.math.reduce_mean(conv_stack(input_img)[:, :, :, filter_index])
        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign_add(step_size * grads)

    visualized_feature.append(input_img)

print(len(visualized_feature), "features")

# %% plot
figure, axes = plt.subplots(8, 8, figsize=(12, 12))

for i in range(64):
    ax = axes.flat[i]
    ax.imshow(deprocess_image(np.array(visualized_feature[i])).squeeze(), cmap="gray")
    ax.set_title(f"feature {i}")
    ax.axis("off")

plt.show()
