# The training cell stops in its first line: `optimizers` was never imported, so the network remains
# untrained. The ascent works on the untrained filters just as well. The figure is saved with savefig and not
# followed by plt.show(), but Jupyter displays it all the same.
#
# /// label
# training = "fail"
#
# [feedback_mentions]
# training = ["optimizers"]
# ///

# %% cnn
model = keras.Sequential()
model.add(keras.Input(shape=(28, 28, 1)))
for number, width in enumerate([8, 16, 16, 32]):
    model.add(layers.Conv2D(width, 3, activation="relu", padding="same",
                            name="conv2d" + (f"_{number}" if number else "")))
    if number in (0, 3):
        model.add(layers.MaxPool2D())
model.add(layers.Flatten())
model.add(layers.Dense(10, activation="softmax"))

# %% train
opt = optimizers.Adam(learning_rate=0.001)
model.compile(optimizer=opt, loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=3, batch_size=32)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 32  # mine has 32
visualized_feature = []

cut = keras.Model(model.inputs, model.get_layer(layer_name).output)


def mean_activation(picture, n):
    return tf.reduce_mean(cut(picture)[0, :, :, n])


for filter_index in range(number_of_filters):
    input_img = tf.Variable(tf.random.uniform([1, 28, 28, 1]))
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = mean_activation(input_img, filter_index)
        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign_add(step_size * grads)
    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 6.5))

for i in range(number_of_filters):
    sp = figure.add_subplot(4, 8, i + 1)
    sp.imshow(deprocess_image(visualized_feature[i].copy()).squeeze(), cmap="gray")
    sp.set(title=f"feature {i}", xticks=[], yticks=[])

figure.tight_layout()
figure.savefig("filters.png", dpi=60)
