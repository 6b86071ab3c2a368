# The given cell with deprocess_image was deleted together with its example, and the plot needs it. All else
# is right.
#
# /// label
# [cells]
# delete = ["deprocess", "look_at_deprocess"]
# ///

# %% cnn
def conv(filters, number):
    name = "conv2d" if number == 0 else "conv2d_" + str(number)
    return layers.Conv2D(filters, (3, 3), padding="same", activation=layers.LeakyReLU(negative_slope=0.1), name=name)


model = keras.Sequential([layers.Input(shape=(28, 28, 1))])
model.add(conv(8, 0))
model.add(layers.AveragePooling2D(2))
model.add(conv(16, 1))
model.add(conv(24, 2))
model.add(layers.MaxPooling2D(2))
model.add(conv(24, 3))
model.add(layers.Flatten())
model.add(layers.Dense(10, activation="softmax"))
print(model.count_params())

# %% train
model.compile(loss="categorical_crossentropy", optimizer=keras.optimizers.Adam(0.002), metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=4, batch_size=32, validation_data=(x_test, y_test), verbose=2)

plt.figure(figsize=(4, 2.5))
plt.plot(results.history["loss"], "o-", label="training")
plt.plot(results.history["val_loss"], "s-", label="test")
plt.legend()
plt.show()

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 24
visualized_feature = np.zeros((number_of_filters, 28, 28, 1), dtype="float32")

maps_of = keras.Model(inputs=model.inputs, outputs=model.get_layer(layer_name).output)
img = tf.Variable(visualized_feature[:1])

for nr in range(number_of_filters):
    img.assign(np.random.uniform(0.0, 1.0, (1, 28, 28, 1)))
    n = 0
    while n < gradient_updates:
        with tf.GradientTape() as tape:
            maps = maps_of(img)
            mean = tf.reduce_mean(maps[:, :, :, nr])
        direction = normalize(tape.gradient(mean, img))
        img.assign(img + step_size * direction)
        n = n + 1
    visualized_feature[nr] = img.numpy()[0]

# %% plot
figure, axs = plt.subplots(nrows=3, ncols=8, figsize=(12, 5.2))
for nr, panel in enumerate(axs.ravel()):
    grey = deprocess_image(np.copy(visualized_feature[nr]))
    panel.imshow(grey[:, :, 0], cmap="Greys_r")
    panel.set_title(f"feature {nr}", size=9)
    panel.set_xticks([])
    panel.set_yticks([])
figure.tight_layout()
plt.show()
