# An interactive figure that shows eight of 32 features, without titles.
#
# /// label
# plot = ["partial", "fail"]
# ///

# %% cnn
model = keras.Sequential()
model.add(keras.Input(shape=(28, 28, 1)))
for name, filters, stride in [("conv2d", 12, 1), ("conv2d_1", 16, 2), ("conv2d_2", 24, 1), ("conv2d_3", 32, 2)]:
    model.add(layers.Conv2D(filters, 3, strides=stride, padding="same", name=name))
    model.add(layers.LeakyReLU(negative_slope=0.05))
model.add(layers.Flatten())
model.add(layers.Dense(10, activation="softmax"))
for layer in model.layers:
    print(layer.name, layer.output.shape)

# %% train
model.compile(loss="categorical_crossentropy", optimizer=keras.optimizers.Nadam(1.5e-3), metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=4, validation_split=0.1, verbose=2)
plt.plot(results.history["val_accuracy"], "k.-")
plt.xlabel("epoch")
plt.show()

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 32
F = keras.Model(model.inputs, model.get_layer(layer_name).output)


def ascend(start, i):
    X = KTF.variable(start)
    for t in range(gradient_updates):
        with tf.GradientTape() as tape:
            a_i = KTF.mean(F(X)[..., i])
        X.assign_add(step_size * normalize(tape.gradient(a_i, X)))
    return X.numpy()


noise = np.random.rand(number_of_filters, 1, 28, 28, 1)
visualized_feature = [ascend(noise[i], i) for i in range(number_of_filters)]

# %% plot
%matplotlib notebook
figure, shown_here = plt.subplots(1, 8, figsize=(12, 2))
for ax, X in zip(shown_here, visualized_feature[:8]):
    ax.imshow(deprocess_image(X.copy())[0, :, :, 0], cmap="gray")
    ax.axis("off")
plt.show()
