# Set the number of updates to 5 while trying things out, and never set it back to 50. After five steps of
# size 1 the filters already respond to their images, if more weakly.
#
# /// label
# updates = "fail"
# ascent = ["pass", "partial"]
# objective = ["pass", "partial"]
#
# [feedback_mentions]
# updates = ["50"]
#
# [causes]
# updates = "other_number_of_steps"
# ///

# %% cnn
model = keras.Sequential()
model.add(layers.Input((28, 28, 1)))
filters = [8, 16, 16, 32]
for n, f in enumerate(filters):
    layer_title = "conv2d" if n == 0 else "conv2d_%d" % n
    model.add(layers.Conv2D(f, 3, activation="relu", padding="same", name=layer_title))
    if n == 0 or n == 3:
        model.add(layers.MaxPooling2D())
model.add(layers.Flatten())
model.add(layers.Dense(10, activation="softmax"))

# %% train
model.compile(optimizer="nadam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=4, batch_size=32, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 32
visualized_feature = []
gradient_updates = 5  # quick test

part = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    input_img = KTF.variable(np.random.random_sample((1, 28, 28, 1)))

    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            out = part(input_img)
            loss = tf.math.reduce_mean(out[0, :, :, filter_index])

        grads = normalize(tape.gradient(loss, input_img))

        input_img.assign_add(step_size * grads)

        if filter_index < 2:
            print(filter_index, update, loss.numpy())

    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))

for row in range(4):
    for col in range(8):
        nr = 8 * row + col
        plt.subplot(4, 8, nr + 1)
        plt.imshow(deprocess_image(visualized_feature[nr].copy())[0, :, :, 0], cmap="gray")
        plt.title(f"feature {nr}")
        plt.xticks([])
        plt.yticks([])

plt.show()
