# Types 3.0 into the call because "the pictures get clearer": fifty steps of size 3. All else is as asked.
#
# /// label
# updates = ["partial", "fail"]
#
# [feedback_mentions]
# updates = ["size is 3"]
#
# [causes]
# updates = "other_step_size"
# ///

# %% cnn
model = keras.Sequential(name="lenet_with_four")
model.add(keras.Input((28, 28, 1)))
model.add(layers.Conv2D(6, 5, padding="same", activation="tanh", name="conv2d"))
model.add(layers.AveragePooling2D(2))
model.add(layers.Conv2D(16, 5, padding="same", activation="tanh", name="conv2d_1"))
model.add(layers.AveragePooling2D(2))
model.add(layers.Conv2D(24, 3, padding="same", activation="tanh", name="conv2d_2"))
model.add(layers.Conv2D(24, 3, padding="same", activation="tanh", name="conv2d_3"))
model.add(layers.Flatten())
model.add(layers.Dense(10, activation="softmax"))
model.summary()

# %% train
model.compile(
    optimizer=keras.optimizers.Adam(2e-3), loss=keras.losses.CategoricalCrossentropy(), metrics=["accuracy"]
)
results = model.fit(x=x_train, y=y_train, batch_size=20, epochs=5, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 24
visualized_feature = []

partial_model = keras.Model(inputs=model.inputs, outputs=model.get_layer(layer_name).output)


def gradient_ascent(filter_index, iterations=gradient_updates, lr=step_size):
    image = tf.Variable(np.random.rand(1, 28, 28, 1).astype(np.float32))
    for it in range(iterations):
        with tf.GradientTape() as tape:
            loss_value = tf.reduce_mean(partial_model(image)[:, :, :, filter_index])
        gradients = normalize(tape.gradient(loss_value, image))
        image.assign(image + lr * gradients)
    return image.numpy()


for filter_index in range(number_of_filters):
    visualized_feature.append(gradient_ascent(filter_index, lr=3.0))  # clearer than with 1

# %% plot
figure, axes = plt.subplots(6, 4, figsize=(7, 11))
for filter_index, axis in zip(range(number_of_filters), axes.flatten()):
    axis.imshow(deprocess_image(visualized_feature[filter_index].copy())[0, :, :, 0], cmap="viridis")
    axis.set_title(f"feature {filter_index}")
    axis.set_axis_off()
plt.tight_layout()
plt.show()
