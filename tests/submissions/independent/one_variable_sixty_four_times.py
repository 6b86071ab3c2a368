# Makes one variable, fills it with new noise for every filter, and appends the variable itself to the list
# instead of its values: in the end all 64 entries are the same image, that of filter 63. The climb and the
# plot are right, but what the others had found is lost. That one image excites many filters: a mistake
# counts once, and this one costs the images.
#
# /// label
# images = ["fail", "partial"]
# objective = "fail"
# ascent = ["pass", "partial", "fail"]
# updates = ["pass", "review"]
#
# [feedback_mentions]
# images = ["same"]
#
# [causes]
# images = "same_image"
# objective = "same_image"
# ///

# %% cnn
model = keras.Sequential([
    layers.Input(shape=(28, 28, 1)),
    layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d"),
    layers.MaxPooling2D(),
    layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1"),
    layers.MaxPooling2D(),
    layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2d_2"),
    layers.Conv2D(64, 3, padding="same", activation="relu", name="conv2d_3"),
    layers.Flatten(),
    layers.Dense(10, activation="softmax"),
])

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=3, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

probe = keras.Model(model.inputs, model.get_layer(layer_name).output)
input_img = tf.Variable(tf.zeros((1, 28, 28, 1)))  # allocate only once

for filter_index in range(number_of_filters):
    input_img.assign(tf.random.uniform((1, 28, 28, 1)))
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(probe(input_img)[..., filter_index])
        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign_add(step_size * grads)
    visualized_feature.append(input_img)

# %% plot
figure = plt.figure(figsize=(12, 12))

for i, feature in enumerate(visualized_feature):
    plt.subplot(8, 8, i + 1)
    plt.imshow(deprocess_image(feature.numpy())[0, :, :, 0], cmap="gray")
    plt.title(f"feature {i}", fontsize=8)
    plt.axis("off")

plt.show()
